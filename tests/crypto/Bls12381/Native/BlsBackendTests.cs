using System.Runtime.InteropServices;
using Bft.Crypto.Bls12381;
using Bft.Crypto.Bls12381.Native;
using Bft.Crypto.Certificates;
using Bft.Crypto.Signatures;

namespace Bft.Crypto.Tests.Bls12381.Native;

/// <summary>Which library is used, when it is not, and that it then computes everything that is heavy.</summary>
[Collection(NativeCollection.Name)]
public sealed class BlsBackendTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    public void Dispose()
    {
        BlstStub.Reset();
        _folder.Dispose();
    }

    private string Library(string name = "libblst.so") => Path.Combine(_folder.FullPath, name);

    [Fact]
    public void Without_a_library_nothing_is_said()
    {
        foreach (string? setting in new[] { null, "" })
        {
            BlsBackend.Choice choice = BlsBackend.Choose(setting, _folder.FullPath);
            Assert.Null(choice.Native);
            Assert.Equal(ISignatureScheme.Managed, choice.Name);
            Assert.Null(choice.Notice);
        }
    }

    [Fact]
    public void A_named_library_that_is_not_there_is_one_message()
    {
        BlsBackend.Choice choice = BlsBackend.Choose(Library(), _folder.FullPath);
        Assert.Null(choice.Native);
        Assert.Equal(ISignatureScheme.Managed, choice.Name);
        Assert.Contains("cannot be loaded", choice.Notice, StringComparison.Ordinal);
        Assert.Contains("libblst.so", choice.Notice, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_no_library_is_one_message()
    {
        File.WriteAllText(Library(), "no library");
        Assert.Contains("cannot be loaded", BlsBackend.Choose(Library(), _folder.FullPath).Notice, StringComparison.Ordinal);
    }

    [StubFact]
    public void A_library_by_path_is_named_with_its_path()
    {
        BlsBackend.Choice choice = BlsBackend.Choose(BlstStub.Compile(Library("other.so")), AppContext.BaseDirectory);
        Assert.Null(choice.Notice);
        Assert.NotNull(choice.Native);
        Assert.StartsWith("blst (", choice.Name, StringComparison.Ordinal);
        Assert.EndsWith("other.so)", choice.Name, StringComparison.Ordinal);
    }

    [StubFact]
    public void A_library_in_the_applications_folder_or_of_a_package_is_taken_unless_forbidden()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        BlstStub.Compile(Path.Combine(_folder.FullPath, "runtimes", RuntimeInformation.RuntimeIdentifier, "native", "libblst.so"));
        Assert.NotNull(BlsBackend.Choose(null, _folder.FullPath).Native);
        Assert.Null(BlsBackend.Choose("managed", _folder.FullPath).Native);
        BlstStub.Compile(Library());
        Assert.EndsWith("/libblst.so)", BlsBackend.Choose(null, _folder.FullPath).Name, StringComparison.Ordinal);
        Assert.DoesNotContain("runtimes", BlsBackend.Choose(null, _folder.FullPath).Name, StringComparison.Ordinal);
    }

    [StubTheory]
    [InlineData("WITHOUT_PIPPENGER", "it has no function blst_p2s_mult_pippenger_scratch_sizeof")]
    [InlineData("FP12_BYTES=575", "blst_fp12_sizeof says 575 bytes instead of 576")]
    [InlineData("P1_BYTES=96", "blst_p1_sizeof says 96 bytes instead of 144")]
    public void A_library_that_lacks_something_is_not_used(string define, string reason)
    {
        BlsBackend.Choice choice = BlsBackend.Choose(BlstStub.Compile(Library(), define), _folder.FullPath);
        Assert.Null(choice.Native);
        Assert.Equal(ISignatureScheme.Managed, choice.Name);
        Assert.Contains(reason, choice.Notice, StringComparison.Ordinal);
    }

    [StubTheory]
    [InlineData(StubCall.Generator, false, "its coordinates lie otherwise in memory")]
    [InlineData(StubCall.ToAffine, false, "it hashes wrongly")]
    [InlineData(StubCall.Multiply, false, "it signs wrongly")]
    [InlineData(StubCall.Hash, false, "it hashes wrongly")]
    [InlineData(StubCall.Uncompress, false, "it decodes points wrongly")]
    [InlineData(StubCall.InSubgroup, false, "it decodes points wrongly")]
    [InlineData(StubCall.IsOne, false, "it refuses good signatures")]
    [InlineData(StubCall.IsOne, true, "it takes wrong signatures")]
    [InlineData(StubCall.Sum, false, "it sums up wrongly")]
    public void A_library_that_gives_one_wrong_answer_is_not_used(StubCall lie, bool one, string reason)
    {
        string library = BlstStub.Compile(Library());
        BlstStub.Lie = lie;
        BlstStub.LieAboutOne = one;
        BlsBackend.Choice choice = BlsBackend.Choose(library, _folder.FullPath);
        Assert.Null(choice.Native);
        Assert.Equal(ISignatureScheme.Managed, choice.Name);
        Assert.Contains(reason, choice.Notice, StringComparison.Ordinal);
        Assert.Empty(BlstStub.Complaints);
    }

    [StubFact]
    public void What_is_heavy_is_computed_by_the_library_with_the_same_results()
    {
        using var secret = new BlsSecretKey(Scalar.FromInteger(0x1234567890abcdef));
        byte[] message = [1, 2, 3];
        G1Point managed = BlsSchemes.MinimalSignatures.Sign(secret, message);
        G2Point managedKey = BlsSchemes.MinimalSignatures.PublicKey(secret);
        BlsBackend.Choice choice = BlsBackend.Choose(BlstStub.Compile(Library()), _folder.FullPath);
        Array.Clear(BlstStub.Calls);
        using (BlsBackend.Use(choice))
        {
            Assert.Equal(managed.ToBytes(), BlsSchemes.MinimalSignatures.Sign(secret, message).ToBytes());
            Assert.Equal(managedKey.ToBytes(), BlsSchemes.MinimalSignatures.PublicKey(secret).ToBytes());
            Assert.True(Count(StubCall.Multiply) == 2 && Count(StubCall.Hash) == 1);
            Assert.Equal(BlsRefusal.None, BlsSchemes.MinimalSignatures.Verify(managedKey.ToBytes(), message, managed.ToBytes()));
            Assert.True(Count(StubCall.Uncompress) == 2 && Count(StubCall.InSubgroup) == 2 && Count(StubCall.IsOne) == 1 && Count(StubCall.Hash) == 2);
            Assert.Equal(BlsRefusal.WrongSignature, BlsSchemes.MinimalSignatures.Verify(managedKey, [4], managed));
            Assert.Equal(BlsRefusal.None, BlsSchemes.MinimalSignatures.BatchVerifyMessage([managedKey, managedKey], message, [managed, managed]));
            Assert.Equal(2, Count(StubCall.Sum));
            Assert.Equal(choice.Name, BlsVoting.Aggregated.Backend);
            Assert.Equal(choice.Name, BlsVoting.Shared.Backend);
        }

        Assert.Equal(ISignatureScheme.Managed, BlsVoting.Aggregated.Backend);
        Assert.Empty(BlstStub.Complaints);
    }

    [StubFact]
    public void A_library_that_decodes_wrongly_later_on_changes_no_verdict()
    {
        byte[] encoded = (-G1Point.Generator).ToBytes(), other = (-G2Point.Generator).ToBytes();
        BlsBackend.Choice choice = BlsBackend.Choose(BlstStub.Compile(Library()), _folder.FullPath);
        BlstStub.Lie = StubCall.Uncompress;
        using (BlsBackend.Use(choice))
        {
            Assert.Equal(BlsRefusal.None, G1Point.Read(encoded, out G1Point point));
            Assert.Equal(-G1Point.Generator, point);
            Assert.Equal(BlsRefusal.None, G2Point.Read(other, out G2Point otherPoint));
            Assert.Equal(-G2Point.Generator, otherPoint);
        }
    }

    [StubFact]
    public void Identities_need_no_library_or_come_back_as_such()
    {
        BlsBackend.Choice choice = BlsBackend.Choose(BlstStub.Compile(Library()), _folder.FullPath);
        BlstArithmetic native = choice.Native!;
        Assert.True(native.ProductIsOne([], []));
        Assert.True(native.ProductIsOne([G1Point.Identity, G1Point.Generator], [G2Point.Generator, G2Point.Identity]));
        Assert.True(native.G1.Multiply(G1Point.Generator, Scalar.Zero).IsIdentity);
        Assert.True(native.G2.Multiply(G2Point.Identity, Scalar.FromInteger(5)).IsIdentity);
        Assert.True(native.G1.MultiplySum([G1Point.Identity], [Scalar.One], 256).IsIdentity);
        Assert.Equal(G2Point.Generator, native.G2.MultiplySum([G2Point.Identity, G2Point.Generator], [Scalar.FromInteger(9), Scalar.One], 256));
        Assert.Empty(BlstStub.Complaints);
    }

    [StubFact]
    public void A_secret_does_not_outlive_the_call()
    {
        BlsBackend.Choice choice = BlsBackend.Choose(BlstStub.Compile(Library()), _folder.FullPath);
        BlstStub.Reset();
        var secret = Scalar.Random();
        choice.Native!.G1.Multiply(G1Point.Generator, secret);
        Assert.False(BlstStub.ScalarSurvived);
        choice.Native!.G2.Multiply(G2Point.Generator, secret);
        choice.Native!.G2.Multiply(G2Point.Generator, secret);
        Assert.False(BlstStub.ScalarSurvived);
    }

    private static int Count(StubCall call) => BlstStub.Calls[(int)call];
}
