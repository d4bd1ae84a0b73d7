using System.Runtime.CompilerServices;
using Bft.Crypto.Bls12381.Curves;
using Bft.Crypto.Bls12381.Fields;

namespace Bft.Crypto.Bls12381.Lanes;

/// <summary>The loop of <see cref="MillerLoop"/> for two pairs at once: the formulas are the same, the first pair is in the lower halves, the second in the upper ones.</summary>
[SkipLocalsInit]
internal struct MillerLanes
{
    private FpLanes _px;
    private FpLanes _py;
    private FpLanes _pz;
    private FpLanes _qx;
    private FpLanes _qy;
    private FpLanes _x;
    private FpLanes _y;
    private FpLanes _z;
    private bool _both;

    /// <summary>Two pairs at the start of the loop, none with the identity.</summary>
    public static void Start(in MillerLoop.Pair first, in MillerLoop.Pair second, bool both, out MillerLanes lanes)
    {
        Unsafe.SkipInit(out lanes);
        Twice(first.P.X, second.P.X, out lanes._px);
        Twice(first.P.Y, second.P.Y, out lanes._py);
        Twice(first.P.Z, second.P.Z, out lanes._pz);
        Join(first.Qx, second.Qx, out lanes._qx);
        Join(first.Qy, second.Qy, out lanes._qy);
        lanes._x = lanes._qx;
        lanes._y = lanes._qy;
        Join(Fp2.One, Fp2.One, out lanes._z);
        lanes._both = both;
    }

    private static void Join(in Fp2 lower, in Fp2 upper, out FpLanes lanes) => FpLanes.Join(lower.C0, lower.C1, upper.C0, upper.C1, out lanes);

    private static void Twice(in Fp lower, in Fp upper, out FpLanes lanes) => FpLanes.Join(lower, lower, upper, upper, out lanes);

    /// <summary>f·(tangents at T)(P); T := 2T.</summary>
    public void DoubleStep(ref Fp12Lanes f)
    {
        FpLanes.SquareComplex(_y, out FpLanes b);
        FpLanes.SquareComplex(_z, out FpLanes e);
        G2Lanes.MultiplyByThreeB(e, out e);
        FpLanes.MultiplyComplex(_y, _z, out FpLanes h);
        FpLanes.AddCarried(h, h, out h);
        FpLanes.MultiplyComplex(_x, _y, out FpLanes xy);
        FpLanes.AddCarried(xy, xy, out xy);
        FpLanes.SquareComplex(_x, out FpLanes xx);
        FpLanes.Add(xx, xx, out FpLanes l1);
        FpLanes.Add(l1, xx, out l1);
        FpLanes.Negate(l1, out l1);
        FpLanes.Subtract(b, e, out FpLanes l0);
        MultiplyByLines(ref f, l0, l1, h);

        FpLanes.Add(e, e, out FpLanes f3);
        FpLanes.Add(f3, e, out f3);
        FpLanes.Subtract(b, f3, out FpLanes minus);
        FpLanes.AddCarried(b, f3, out FpLanes plus);
        FpLanes.MultiplyComplex(xy, minus, out _x);
        FpLanes.SquareComplex(e, out FpLanes ee);
        FpLanes.Scale(ee, System.Runtime.Intrinsics.Vector256.Create(12UL), 12, out ee);
        FpLanes.SquareComplex(plus, out plus);
        FpLanes.SubtractWide(plus, ee, out plus);
        FpLanes.Reduce(plus, out _y);
        FpLanes.Add(h, h, out h);
        FpLanes.AddCarried(h, h, out h);
        FpLanes.MultiplyComplex(b, h, out _z);
    }

    /// <summary>f·(lines through T and Q)(P); T := T + Q.</summary>
    public void AddStep(ref Fp12Lanes f)
    {
        FpLanes.MultiplyComplex(_qy, _z, out FpLanes theta);
        FpLanes.Subtract(_y, theta, out theta);
        FpLanes.Reduce(theta, out theta);
        FpLanes.MultiplyComplex(_qx, _z, out FpLanes lambda);
        FpLanes.Subtract(_x, lambda, out lambda);
        FpLanes.Reduce(lambda, out lambda);
        FpLanes.MultiplyComplex(theta, _qx, out FpLanes l0);
        FpLanes.MultiplyComplex(lambda, _qy, out FpLanes known);
        FpLanes.Subtract(l0, known, out l0);
        FpLanes.Negate(theta, out FpLanes l1);
        MultiplyByLines(ref f, l0, l1, lambda);

        FpLanes.SquareComplex(theta, out FpLanes c);
        FpLanes.SquareComplex(lambda, out FpLanes d);
        FpLanes.MultiplyComplex(lambda, d, out FpLanes e);
        FpLanes.MultiplyComplex(_z, c, out FpLanes h);
        FpLanes.MultiplyComplex(_x, d, out FpLanes g);
        FpLanes.Add(e, h, out h);
        FpLanes.Add(g, g, out FpLanes twice);
        FpLanes.Subtract(h, twice, out h);
        FpLanes.Reduce(h, out h);
        FpLanes.MultiplyComplex(lambda, h, out _x);
        FpLanes.Subtract(g, h, out g);
        FpLanes.MultiplyComplex(theta, g, out g);
        FpLanes.MultiplyComplex(e, _y, out FpLanes ey);
        FpLanes.Subtract(g, ey, out g);
        FpLanes.Reduce(g, out _y);
        FpLanes.MultiplyComplex(_z, e, out _z);
    }

    private readonly void MultiplyByLines(ref Fp12Lanes f, in FpLanes l0, in FpLanes l1, in FpLanes l4)
    {
        FpLanes.Multiply(l0, _pz, out FpLanes c0);
        FpLanes.Multiply(l1, _px, out FpLanes c1);
        FpLanes.Multiply(l4, _py, out FpLanes c4);
        Fp12Lanes.MultiplyByLines(f, c0, c1, c4, _both, out f);
    }

    /// <summary>The product of the loops of the pairs.</summary>
    public static void Loop(ReadOnlySpan<MillerLoop.Pair> pairs, out Fp12 product)
    {
        Span<MillerLanes> lanes = stackalloc MillerLanes[(MillerLoop.PairsPerLoop + 1) / 2];
        int used = 0;
        for (int i = 0; i < pairs.Length; i += 2)
        {
            bool both = i + 1 < pairs.Length;
            Start(pairs[i], pairs[both ? i + 1 : i], both, out lanes[used++]);
        }

        Fp12Lanes.Of(Fp12.One, out Fp12Lanes f);
        for (int bit = 62; bit >= 0; bit--)
        {
            if (bit != 62)
            {
                Fp12Lanes.Square(f, out f);
            }

            for (int i = 0; i < used; i++)
            {
                lanes[i].DoubleStep(ref f);
            }

            if (((CurveParameter.Absolute >> bit) & 1) != 0)
            {
                for (int i = 0; i < used; i++)
                {
                    lanes[i].AddStep(ref f);
                }
            }
        }

        f.To(out product);
    }
}
